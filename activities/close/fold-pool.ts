import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ClosedLoan, LoanToClose } from '../../db/ledger/close';
import type { BusinessDate } from '../../domain/time/dates';
import { LoanloomError } from '../../domain/errors';
import { foldLoans, type ProductTable } from './fold-loans';

/** Folds pages of loans; `close` ends its threads. */
export interface FoldPool {
  fold(loans: LoanToClose[], date: BusinessDate): Promise<ClosedLoan[]>;
  close(): Promise<void>;
}

interface Waiting {
  resolve(closed: ClosedLoan[]): void;
  reject(error: Error): void;
}

/** Folds on this thread: for a day with few loans, where starting threads would cost more than the work. */
export function foldHere(products: ProductTable): FoldPool {
  return { fold: (loans, date) => Promise.resolve(foldLoans(products, loans, date)), close: () => Promise.resolve() };
}

/** TypeScript in a thread: the loader first, then the module. */
function startThread(products: ProductTable): Worker {
  const [loader, entry] = [require.resolve('tsx/cjs'), join(__dirname, 'fold-thread.ts')].map((path) => JSON.stringify(path));
  return new Worker(`require(${loader ?? ''}); require(${entry ?? ''});`, { eval: true, workerData: products });
}

/** One thread per core but one, which reads and writes; at least one. A thread that dies fails every page under way, and the close is resumed by its retry. */
export function foldInThreads(products: ProductTable, size = Math.max(1, availableParallelism() - 1)): FoldPool {
  const waiting = new Map<number, Waiting>();
  let broken: Error | undefined;
  const fail = (error: Error) => {
    broken ??= error;
    for (const each of waiting.values()) each.reject(error);
    waiting.clear();
  };
  const threads = Array.from({ length: size }, () => {
    const thread = startThread(products);
    thread.on('message', (answer: { id: number; closed?: ClosedLoan[]; fault?: string }) => {
      const each = waiting.get(answer.id);
      waiting.delete(answer.id);
      if (answer.closed) each?.resolve(answer.closed);
      else each?.reject(new LoanloomError('INTERNAL', `a loan could not be folded: ${answer.fault ?? ''}`));
    });
    thread.on('error', fail);
    thread.on('exit', () => {
      fail(new LoanloomError('INTERNAL', 'a thread of the daily close has ended'));
    });
    return thread;
  });
  let next = 0;
  return {
    fold: (loans, date) =>
      new Promise((resolve, reject) => {
        if (broken) {
          reject(broken);
          return;
        }
        next += 1;
        waiting.set(next, { resolve, reject });
        threads[next % size]?.postMessage({ id: next, loans, date });
      }),
    close: async () => {
      await Promise.all(threads.map((thread) => thread.terminate()));
    },
  };
}
