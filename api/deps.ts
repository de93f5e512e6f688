import type { Client } from '@temporalio/client';
import type { ActivityDeps } from '../services/deps';
import type { Borrowers } from '../db/party/borrowers';
import type { Db } from '../db/pool';
import type { Catalogue } from '../domain/product/products';
import type { Limits } from './limits';
import type { Log } from '../config/log';

/** What the API is made of; composed in server.ts. */
export interface ApiDeps {
  readonly db: Db;
  readonly client: Client;
  readonly borrowers: Borrowers;
  readonly catalogue: Catalogue;
  /** Checks a changed identity again. */
  readonly identitySources: ActivityDeps['identitySources'];
  readonly tokenSecret: Uint8Array;
  /** The restore epoch that is kept outside the database: operators are vouched for in it. */
  readonly restoreEpoch: () => Promise<number>;
  /** What channels sign their webhooks with. */
  readonly channelSecrets: Readonly<Record<string, string>>;
  /** What a scraper from elsewhere than loopback has to bear; undefined = loopback only. */
  readonly metricsToken?: string;
  /** Undefined: nothing is limited (tests of other things, benchmarks). */
  readonly limits?: Limits;
  readonly log: Log;
  /** How long a request waits for a workflow's verdict before it answers 202. */
  readonly verdictTimeoutMs: number;
}
