import type { Place } from '../place/place.ts';
import { LiveTimeline } from './live-timeline.tsx';
import { Replay } from './replay.tsx';

/** Everything that happened: live, or from a position of the change log on. */
export function TimelineView({ place }: { readonly place: Place }) {
  const from = place.settings.get('from');
  return from === null ? <LiveTimeline place={place} /> : <Replay key={from} place={place} from={from} />;
}
