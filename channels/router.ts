/** What the router knows about one instruction's past: attempts in order, with their channel. */
export interface TriedChannel {
  readonly channel: string;
}

/**
 * The channel for an instruction's next attempt, or undefined when every one has provably refused.
 * It is asked only when no attempt is open (the database would refuse another), so a channel once tried
 * has failed for certain and is not tried again. An operator's preference comes first.
 */
export function chooseChannel(input: {
  readonly channels: readonly string[];
  readonly tried: readonly TriedChannel[];
  readonly preferred: string | null;
}): string | undefined {
  const spent = new Set(input.tried.map((attempt) => attempt.channel));
  const eligible = input.channels.filter((channel) => !spent.has(channel));
  return eligible.find((channel) => channel === input.preferred) ?? eligible[0];
}
