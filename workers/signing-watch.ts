import { setTimeout } from 'node:timers/promises';
import { noteSigningService } from '../db/application/sealings';
import { businessNow } from '../db/clock';
import type { ActivityDeps } from '../services/deps';

/** In real time: how often it is looked while contracts can be sealed, and while they cannot. */
const LOOK_MS = { ready: 60_000, missing: 5_000 } as const;

/** Looks whether contracts could be sealed now, and notes what is missing: nobody is asked to sign what could not be sealed. */
async function look(deps: ActivityDeps, signal: AbortSignal): Promise<string | null> {
  const { now } = await businessNow(deps.db);
  const missing = await deps.signing.missing(now, signal);
  await noteSigningService(deps.db, deps.signing.name, missing);
  return missing;
}

/** Looks at the signing service at once, and again and again until told to stop. A look that fails leaves the last one to run out. */
export async function watchSigning(deps: ActivityDeps, signal: AbortSignal): Promise<void> {
  let known: string | null | undefined;
  const isStopping = () => signal.aborted;
  while (!isStopping()) {
    const missing = await look(deps, signal).catch(() => 'NOT_LOOKED');
    if (missing !== known && !isStopping())
      if (missing === null) deps.log.info({ service: deps.signing.name }, 'contracts can be sealed');
      else deps.log.warn({ service: deps.signing.name, missing }, 'contracts cannot be sealed: nobody is asked to sign one');
    known = missing;
    await setTimeout(missing === null ? LOOK_MS.ready : LOOK_MS.missing, undefined, { signal }).catch(() => undefined);
  }
}
