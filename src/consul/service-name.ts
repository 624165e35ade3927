import type { NodeContent } from '../events/announcement.ts';

/** The longest DNS label (RFC 1035, 2.3.4): the name must resolve as `<name>.service.consul`. */
const MAX_LENGTH = 63;

/** The Consul service name of a node: the announced service name, else `{type}-service`, as a DNS label. */
export function serviceNameOf(content: Pick<NodeContent, 'announcedServiceName' | 'type'>): string {
  const announced = content.announcedServiceName === null ? '' : toLabel(content.announcedServiceName);
  if (announced !== '') return announced;
  return toLabel(`${content.type}-service`);
}

/** Letters, digits and inner `-` of the text, everything else (`_` above all) as `-`. Empty when nothing is left. */
function toLabel(text: string): string {
  return text
    .replace(/[^A-Za-z0-9-]/g, '-')
    .replace(/^-+/, '')
    .slice(0, MAX_LENGTH)
    .replace(/-+$/, '');
}
