/** A healthy instance of a service. */
export interface Service {
  readonly nodeId: string;
  /** The Consul service name, such as `database-adapter`. */
  readonly serviceName: string;
  /** The host to connect to; null for a node without endpoints. */
  readonly address: string | null;
  readonly port: number | null;
  /** As announced, such as `1.4.2`. */
  readonly version: string | null;
  /** The `api` endpoint; null when the node announced none of that name. */
  readonly url: string | null;
  /** Every announced endpoint: name → URL. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/** An instance as `resolve` hands it out: with how far it can be trusted. */
export interface ResolvedService extends Service {
  /**
   * No gateway confirms this at the moment: all are out of reach, or the one that is connected is itself cut off from its back ends. It is
   * the last that was known.
   */
  readonly stale: boolean;
  /** Until when it was known to be right; null unless it is stale. */
  readonly staleSince: Date | null;
}

/** Which services are meant. All that is given must hold. */
export interface ServiceRequest {
  /** More that the same service must be able to do, besides the capability. At most 10. */
  readonly allOf?: readonly string[] | undefined;
  /** Only nodes of these types, such as `effect`. */
  readonly types?: readonly string[] | undefined;
  /** Only versions in this semver range, such as `^1.4.0`. */
  readonly versionRange?: string | undefined;
}

export function isSameInstance(a: Service, b: Service): boolean {
  return a.nodeId === b.nodeId && a.address === b.address && a.port === b.port && a.url === b.url;
}
