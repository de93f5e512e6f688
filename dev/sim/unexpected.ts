/** What a run must never see, and saw. */
export class Unexpected extends Error {}
