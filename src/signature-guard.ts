import { type ClaimsConfig, GATEWAY_TYPE, readKeyFile } from './config/claims.ts';
import { NO_KEYS } from './config/signing-keys.ts';
import type { Claim } from './events/claim.ts';
import type { KafkaMessage } from './events/kafka-record.ts';
import type { KeyRing } from './events/key-ring.ts';
import { demandOf, judgeSignature, type SignatureVerdict } from './events/signature-rules.ts';
import type { Log } from './log.ts';

/** What is warned of is said again of a node after this. Milliseconds. */
const SAY_AGAIN = 3_600_000;
/** Nodes of which that is remembered; what is said of more than that within the time is counted only. */
const REMEMBERED = 1000;

/** What became of messages since the gateway started. */
export interface SignatureCounts {
  /** Signed, and rightly so. */
  valid: number;
  /** Not signed, and accepted. */
  unsigned: number;
  /** Signed with a key that is not known, and accepted like an unsigned one. */
  unverified: number;
  /** Rightly signed, but too old to count. */
  stale: number;
  refused_unsigned: number;
  refused_unknown_key: number;
  refused_invalid: number;
}

export interface SignatureGuardParts {
  readonly config: Pick<ClaimsConfig, 'unsigned' | 'keyFile'>;
  /** The type of a node that the registry knows, in whatever state. */
  readonly typeOf: (nodeId: string) => string | undefined;
  /** How long the registry remembers nodes that left. Milliseconds. */
  readonly memory: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
}

/** Judges signatures with the keys as they are now, counts what it finds, and warns without filling the log. */
export class SignatureGuard {
  readonly #parts: SignatureGuardParts;
  readonly #said = new Map<string, number>();
  #keys: KeyRing;
  /** Of the key file when it was last looked at. */
  #digest: string | null;
  readonly counts: SignatureCounts = {
    valid: 0,
    unsigned: 0,
    unverified: 0,
    stale: 0,
    refused_unsigned: 0,
    refused_unknown_key: 0,
    refused_invalid: 0,
  };

  constructor(parts: SignatureGuardParts) {
    this.#parts = parts;
    this.#keys = (parts.config.keyFile?.keys ?? NO_KEYS).ring;
    this.#digest = parts.config.keyFile?.digest ?? null;
  }

  /** False where it would accept everything: then nobody need ask. */
  isNeeded(): boolean {
    const { unsigned, keyFile } = this.#parts.config;
    return keyFile !== null || unsigned !== 'accept';
  }

  /** Why an unsigned announcement of this gateway itself would be refused; null where it would not, or where it signs. */
  selfDemand(gatewayId: string, signs: boolean): string | null {
    const { config, typeOf } = this.#parts;
    return signs ? null : demandOf({ nodeId: gatewayId, type: GATEWAY_TYPE }, { keys: this.#keys, unsigned: config.unsigned, typeOf });
  }

  judge(message: KafkaMessage, claim: Claim): SignatureVerdict {
    const { config, typeOf, memory, now } = this.#parts;
    const verdict = judgeSignature(message, claim, { keys: this.#keys, unsigned: config.unsigned, typeOf, memory, now });
    this.#count(verdict);
    const { outcome } = verdict;
    if (outcome === 'stale') this.#warn(claim, 'a signed message is too old to count: is the clock of the node right?', verdict.reason);
    else if (config.unsigned === 'warn' && outcome === 'unsigned') this.#warn(claim, 'accepted an unsigned message', outcome);
    else if (config.unsigned === 'warn' && outcome === 'unverified')
      this.#warn(claim, 'accepted a message that is signed with an unknown key', outcome);
    return verdict;
  }

  /** Looks whether the key file changed. A file with a problem is said once, and the keys stay as they were. Never throws. */
  reload(): void {
    const { config, log } = this.#parts;
    if (config.keyFile === null) return;
    const { path: file } = config.keyFile;
    const { keys, digest, problems } = readKeyFile(file);
    if (digest === this.#digest) return;
    this.#digest = digest;
    if (problems.length > 0) {
      const what = digest === null ? 'cannot be read' : 'changed and cannot be used';
      log.error({ file, problems }, `the signing keys ${what}, keeping those from before`);
      return;
    }
    this.#keys = keys.ring;
    log.info({ file, keys: keys.ring.size() }, 'the signing keys changed');
  }

  #count(verdict: SignatureVerdict): void {
    if (verdict.outcome !== 'refused') this.counts[verdict.outcome] += 1;
    else if (verdict.errorType === 'UNSIGNED') this.counts.refused_unsigned += 1;
    else if (verdict.errorType === 'UNKNOWN_KEY') this.counts.refused_unknown_key += 1;
    else this.counts.refused_invalid += 1;
  }

  /** Once in a while for each node: it says the same with every heartbeat. */
  #warn({ nodeId, kind }: Claim, message: string, reason: string): void {
    const { now, log } = this.#parts;
    const before = this.#said.get(nodeId);
    if (before !== undefined && now() - before < SAY_AGAIN) return;
    this.#said.delete(nodeId);
    if (this.#said.size >= REMEMBERED) this.#forget(now() - SAY_AGAIN);
    if (this.#said.size >= REMEMBERED) return;
    this.#said.set(nodeId, now());
    log.warn({ nodeId, messages: kind, reason }, message);
  }

  /** Maps keep the order of their entries: the oldest come first. */
  #forget(until: number): void {
    for (const [nodeId, at] of this.#said) {
      if (at > until) return;
      this.#said.delete(nodeId);
    }
  }
}
