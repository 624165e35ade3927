import { createContext, useContext } from 'react';
import type { FleetStore } from '../fleet/fleet-store.ts';
import type { HistoryLoader } from '../fleet/history-loader.ts';
import type { Cell } from '../gateway/cell.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Link } from '../gateway/link.ts';
import type { Session } from '../gateway/session.ts';
import type { StatusWatch } from '../status/status-watch.ts';
import type { Theme } from './theme.ts';

/** What every part of the page may use. */
export interface App {
  readonly gateway: Gateway;
  readonly session: Session;
  readonly store: FleetStore;
  readonly history: HistoryLoader;
  readonly status: StatusWatch;
  readonly link: Cell<Link>;
  readonly theme: Theme;
  /** The time, once a second; milliseconds since 1970. */
  readonly clock: Cell<number>;
  /** Tries to connect at once. */
  readonly reconnect: () => void;
}

export const AppContext = createContext<App | null>(null);

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('useApp is used outside of AppContext');
  return app;
}
