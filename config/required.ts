import { LoanloomError } from '../domain/errors';
import type { Env } from './env';

/** A setting that this process cannot do without. */
export function required<K extends keyof Env>(env: Env, name: K): NonNullable<Env[K]> {
  const value = env[name];
  if (value === undefined) throw new LoanloomError('CONFIGURATION', `${name} is not set: "npx loan config" says what it is for`);
  return value;
}
