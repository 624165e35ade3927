import type { ComponentPropsWithRef } from 'react';

/** A part of the page that scrolls by itself, and can be reached and scrolled by keyboard. `aria-label` says what is in it. */
export function ScrollRegion(props: ComponentPropsWithRef<'section'> & { readonly 'aria-label': string }) {
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard (axe, scrollable-region-focusable)
  return <section {...props} tabIndex={0} />;
}
