import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { nextFrame } from './fleet/frame.ts';
import { createApp } from './page/create-app.ts';
import { Page } from './page/page.tsx';
import { Theme } from './page/theme.ts';
import './style/tokens.css';
import './style/base.css';
import './style/controls.css';
import './style/page.css';
import './style/overview.css';
import './style/table.css';
import './style/views.css';
import './style/detail.css';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no element with the id root');
const app = createApp({
  location: window.location,
  storage: window.sessionStorage,
  theme: new Theme(window.localStorage, document.documentElement, window.matchMedia('(prefers-color-scheme: dark)')),
  nextFrame,
  isVisible: () => !document.hidden,
  now: Date.now,
  random: Math.random,
});
// A machine that slept or moved to another network need not wait for the next try.
window.addEventListener('online', app.reconnect);
document.addEventListener('visibilitychange', () => document.hidden || app.reconnect());
createRoot(root).render(
  <StrictMode>
    <Page app={app} />
  </StrictMode>,
);
