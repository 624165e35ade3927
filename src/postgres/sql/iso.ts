/** A time (milliseconds since 1970) as Postgres reads it. */
export function iso(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
