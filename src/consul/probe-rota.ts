/**
 * Which of the members probes a service: rendezvous hashing, so that all come to the same by themselves, the shares are even, and when
 * one goes only its own share moves. null: there is no member.
 */
export function proberOf(serviceId: string, members: readonly string[]): string | null {
  let best: string | null = null;
  let highest = -1;
  for (const member of members) {
    const weight = hash(`${member}/${serviceId}`);
    if (weight > highest || (weight === highest && best !== null && member < best)) {
      best = member;
      highest = weight;
    }
  }
  return best;
}

/** FNV-1a with MurmurHash's finish, which spreads what differs in its last characters only. 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
