/**
 * The minute, 0 to `window` − 1, at which this id comes within a window: the same for the same id, spread
 * over many. FNV-1a over the id, so that it needs no state and no random number.
 */
export function spreadMinutes(id: string, window: number): number {
  let hash = 0x811c9dc5;
  for (const char of id) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash % window;
}
