import { Icon, type IconName } from '../parts/icon.tsx';
import { linkTo, VIEWS, type View } from '../place/place.ts';
import { useApp } from './app.ts';
import { LinkState } from './link-state.tsx';
import type { ThemeChoice } from './theme.ts';
import { useCell } from './use-cell.ts';

const NAMES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  nodes: 'Nodes',
  capabilities: 'Capabilities',
  timeline: 'Timeline',
  rejected: 'Rejected',
};

const THEMES: Readonly<Record<ThemeChoice, readonly [IconName, string]>> = {
  system: ['system', 'Colours: as the system has them'],
  light: ['sun', 'Colours: light'],
  dark: ['moon', 'Colours: dark'],
};

interface TopBarProps {
  readonly view: View;
  readonly showKeys: () => void;
}

export function TopBar({ view, showKeys }: TopBarProps) {
  const { theme, session, status } = useApp();
  const [themeIcon, themeName] = THEMES[useCell(theme.choice)];
  const { token } = useCell(session.state);
  const { viewer, status: gateway } = useCell(status.standing);
  return (
    <header className="top">
      <a className="brand" href="#/overview">
        <Mark />
        <span className="brand-name">discovery-gateway</span>
        {gateway !== null && <span className="brand-place">{gateway.environment}</span>}
      </a>
      <nav className="tabs" aria-label="Views">
        {VIEWS.map((one) => (
          <a key={one} className="tab" href={linkTo(one)} aria-current={one === view ? 'page' : undefined}>
            {NAMES[one]}
          </a>
        ))}
      </nav>
      <div className="top-end">
        <LinkState />
        <button type="button" className="button-quiet keys-button" onClick={showKeys} aria-label="List the keys" title="Keys (?)">
          <kbd>?</kbd>
        </button>
        <button type="button" className="button-quiet" onClick={() => theme.next()} aria-label={themeName} title={themeName}>
          <Icon name={themeIcon} />
        </button>
        {token !== null && (
          <button type="button" className="button-quiet" onClick={() => session.logOut()} title="Forget the token of this tab">
            <Icon name="leave" />
            <span>Log out{viewer?.name ? ` ${viewer.name}` : ''}</span>
          </button>
        )}
      </div>
    </header>
  );
}

function Mark() {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <path d="M16 16 8.5 9.5M16 16l7.5-6.5M16 16v9" />
      <circle cx="16" cy="16" r="4" />
      <circle cx="8" cy="9" r="2.6" />
      <circle cx="24" cy="9" r="2.6" />
      <circle cx="16" cy="25" r="2.6" />
    </svg>
  );
}
