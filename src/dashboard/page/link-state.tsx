import type { Link } from '../gateway/link.ts';
import { useApp } from './app.ts';
import { useCell } from './use-cell.ts';

const WORDS: Readonly<Record<Link['state'], readonly [string, string]>> = {
  connecting: ['Connecting', 'The page connects to the gateway.'],
  live: ['Live', 'Every change is shown as it happens.'],
  lost: ['Not connected', 'The connection is lost; the page tries again by itself.'],
  refused: ['Token needed', 'The gateway asks for a token.'],
};

/** How the connection stands, in a word; read out when it changes. */
export function LinkState() {
  const { state } = useCell(useApp().link);
  const [word, meaning] = WORDS[state];
  return (
    <span className={`link-state link-${state}`} role="status" aria-live="polite" title={meaning}>
      <span className="link-dot" />
      {word}
    </span>
  );
}
