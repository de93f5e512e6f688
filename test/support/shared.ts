import { readFileSync } from 'node:fs';

/** What global-setup.ts started. */
export interface Shared {
  readonly folder: string;
  readonly ownerUrl: string;
  readonly appUrl: string;
  readonly temporal: string;
  readonly testServer: string;
  readonly bundlePath: string;
}

export function shared(): Shared {
  return JSON.parse(readFileSync(process.env.LOANLOOM_TEST_SHARED ?? '', 'utf8')) as Shared;
}
