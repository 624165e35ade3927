/** The number of a gateway's time as the leader. Every election makes a higher one, so that no two gateways ever have the same. */
export type Term = number;

/** Work that must happen once has one leader among all gateways. */
export interface Leadership {
  /**
   * The term in which this gateway leads; null: another may. What is written as the leader names its term to the store, which refuses it
   * once there is a later one: a gateway that hung learns only by that.
   */
  term(): Term | null;
}
