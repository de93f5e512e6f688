/** How often a property is tried: as often as said, or at most a hundred times in a mutation run, which begins its file a thousand times. */
export const runs = (wanted: number): number => Math.min(wanted, (globalThis as { runsMax?: number }).runsMax ?? wanted);
