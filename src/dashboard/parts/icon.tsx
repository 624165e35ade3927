const PATHS = {
  healthy: 'M5 8.4 7.2 10.6 11.2 5.8',
  degraded: 'M8 5v3.6M8 11h.01',
  unhealthy: 'M5.8 5.8l4.4 4.4M10.2 5.8l-4.4 4.4',
  unknown: 'M6.3 6.2a1.8 1.8 0 1 1 2.5 1.7c-.6.3-.8.6-.8 1.2M8 11h.01',
  plus: 'M8 4v8M4 8h8',
  minus: 'M4 8h8',
  pencil: 'M4 12l.6-2.6 5.4-5.4 2 2-5.4 5.4z',
  pulse: 'M2 8h3l1.6-4 2.6 8L11 8h3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM10.4 10.4 13.5 13.5',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M6 5.5h6.5v7.5H6zM3.5 10.5v-8H10',
  check: 'M3.5 8.5l3 3 6-7',
  sun: 'M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM8 1.5v1.6M8 12.9v1.6M1.5 8h1.6M12.9 8h1.6M3.4 3.4l1.1 1.1M11.5 11.5l1.1 1.1M12.6 3.4l-1.1 1.1M4.5 11.5l-1.1 1.1',
  moon: 'M13 9.6A5.5 5.5 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6Z',
  system: 'M2 3h12v8H2zM6 13.5h4M8 11v2.5',
  down: 'M4 6.5l4 4 4-4',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7-4.5z',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.6M13 2.5v3h-3',
  leave: 'M6.5 2.5h-3v11h3M7 8h6.5M11 5.5 13.5 8 11 10.5',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  link: 'M6 10l4-4M7 4.5l1.2-1.2a3 3 0 0 1 4.2 4.2L11.3 8.8M9 11.5l-1.2 1.2a3 3 0 0 1-4.2-4.2L4.7 7.2',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration: what it says must stand beside it, or be the label of what it is in. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
