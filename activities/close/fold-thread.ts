import { parentPort, workerData } from 'node:worker_threads';
import type { LoanToClose } from '../../db/ledger/close';
import type { BusinessDate } from '../../domain/time/dates';
import { foldLoans, type ProductTable } from './fold-loans';

/** One thread of the daily close: folds the pages that it is sent. */
const products = workerData as ProductTable;

parentPort?.on('message', (page: { id: number; loans: LoanToClose[]; date: BusinessDate }) => {
  try {
    parentPort?.postMessage({ id: page.id, closed: foldLoans(products, page.loans, page.date) });
  } catch (error) {
    parentPort?.postMessage({ id: page.id, fault: error instanceof Error ? error.message : 'unknown' });
  }
});
