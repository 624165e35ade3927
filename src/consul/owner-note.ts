const PREFIX = 'Registered by discovery-gateway, registry ';

/** The owner mark on a check: a check carries its service's tags but not its meta, and `Notes` is the one field left to us. */
export function ownerNote(registryId: string): string {
  return `${PREFIX}${registryId}`;
}

/** The registry that the notes of a check name, or null. */
export function ownerIn(notes: string): string | null {
  return notes.startsWith(PREFIX) ? notes.slice(PREFIX.length) : null;
}
