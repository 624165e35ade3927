import { WORD_OF_CHANGE } from '../fleet/change.ts';
import type { LoggedType } from '../gateway/change-shape.ts';
import type { Health, State } from '../gateway/node-shape.ts';
import { Icon, type IconName } from './icon.tsx';

type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'info';

const OF_HEALTH: Readonly<Record<Health, readonly [Tone, IconName, string]>> = {
  HEALTHY: ['good', 'healthy', 'Healthy'],
  DEGRADED: ['warn', 'degraded', 'Degraded'],
  UNHEALTHY: ['bad', 'unhealthy', 'Unhealthy'],
  UNKNOWN: ['dim', 'unknown', 'Unknown'],
};

const OF_STATE: Readonly<Record<State, readonly [Tone, IconName, string]>> = {
  REGISTERED: ['info', 'check', 'Registered'],
  EXPIRED: ['warn', 'pulse', 'Expired'],
  REMOVED: ['dim', 'leave', 'Removed'],
};

const OF_CHANGE: Readonly<Record<LoggedType, readonly [Tone, IconName]>> = {
  ADDED: ['good', 'plus'],
  MODIFIED: ['info', 'pencil'],
  HEALTH_CHANGED: ['warn', 'pulse'],
  REMOVED: ['dim', 'minus'],
};

function Badge({ tone, icon, children }: { readonly tone: Tone; readonly icon: IconName; readonly children: string }) {
  return (
    <span className={`badge badge-${tone}`}>
      <Icon name={icon} />
      {children}
    </span>
  );
}

export function HealthBadge({ health }: { readonly health: Health }) {
  const [tone, icon, word] = OF_HEALTH[health];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

export function StateBadge({ state }: { readonly state: State }) {
  const [tone, icon, word] = OF_STATE[state];
  return (
    <Badge tone={tone} icon={icon}>
      {word}
    </Badge>
  );
}

export function ChangeBadge({ type }: { readonly type: LoggedType }) {
  const [tone, icon] = OF_CHANGE[type];
  return (
    <Badge tone={tone} icon={icon}>
      {WORD_OF_CHANGE[type]}
    </Badge>
  );
}

export const wordOfHealth = (health: Health): string => OF_HEALTH[health][2];
export const wordOfState = (state: State): string => OF_STATE[state][2];
export const toneOfHealth = (health: Health): Tone => OF_HEALTH[health][0];
