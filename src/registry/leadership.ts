/** Work that must happen once has one leader among all gateways. */
export interface Leadership {
  isLeader(): boolean;
}
