import { FleetStore } from '../fleet/fleet-store.ts';
import { HistoryLoader } from '../fleet/history-loader.ts';
import { Cell } from '../gateway/cell.ts';
import { ChangeFeed } from '../gateway/change-feed.ts';
import { Gateway } from '../gateway/gateway.ts';
import type { Link } from '../gateway/link.ts';
import { Pause } from '../gateway/pause.ts';
import { Session } from '../gateway/session.ts';
import { ChangeSocket } from '../gateway/socket.ts';
import { StatusWatch } from '../status/status-watch.ts';
import type { App } from './app.ts';
import type { Theme } from './theme.ts';

export interface AppParts {
  readonly location: Pick<Location, 'protocol' | 'host'>;
  readonly storage: Storage;
  readonly theme: Theme;
  readonly nextFrame: (callback: () => void) => void;
  readonly isVisible: () => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly random: () => number;
}

/** What the page is made of, put together and started. */
export function createApp({ location, storage, theme, nextFrame, isVisible, now, random }: AppParts): App {
  const session = new Session(storage);
  const link = new Cell<Link>({ state: 'connecting', since: now() });
  const pause = new Pause();
  const socket = new ChangeSocket({
    url: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`,
    token: () => session.token,
    link,
    pause,
    now,
    random,
  });
  const gateway = new Gateway({ url: `${location.protocol}//${location.host}/graphql`, session, socket });
  const store = new FleetStore({ nextFrame, now });
  const history = new HistoryLoader(gateway, store);
  const status = new StatusWatch({ gateway, isVisible });
  const feed = new ChangeFeed({
    gateway,
    link,
    pause,
    deliver: (event) => store.deliver(event),
    begin: (isOtherLog) => store.begin(isOtherLog),
    refused: (message) => session.refuse(message),
    now,
    random,
  });
  const clock = new Cell(now());
  setInterval(() => clock.set(now()), 1000);

  let token = session.token;
  session.state.subscribe(() => {
    if (session.token === token) return;
    token = session.token;
    // Another viewer: nothing of what the one before saw stays.
    feed.forget();
    store.forget();
    history.forget();
    status.forget();
    link.set({ state: 'connecting', since: now() });
    status.start();
    feed.start();
  });
  status.start();
  feed.start();
  return {
    gateway,
    session,
    store,
    history,
    status,
    link,
    theme,
    clock,
    reconnect: () => {
      pause.end();
      void status.look();
    },
  };
}
