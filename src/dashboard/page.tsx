/** What the whole page shows. */
export function Page() {
  return (
    <main>
      <h1>discovery-gateway</h1>
    </main>
  );
}
