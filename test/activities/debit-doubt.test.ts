import { bookReceipt } from '../../services/payment/payment-bookings';
import { lockLoan } from '../../db/loan/loans';
import { readLoanFile, recordOf } from '../../db/loan/loan-file';
import { addDays, at, businessDate, type BusinessDate } from '../../domain/time/dates';
import { loanAccountNow } from '../../domain/loan/loan-account';
import { fen } from '../../domain/money/money';
import { suspenseApplied } from '../../domain/ledger/postings';
import { checkInvariants } from '../../ops/audit/invariants';
import { PaymentDesk } from '../support/payment-desk';
import { seedActiveLoan } from '../support/seed';

const DISBURSED = businessDate('2026-11-23');
/** Twenty days after the first due date: penalty runs. */
const LATE = businessDate('2027-01-12');

describe('a debit without an outcome', () => {
  let desk: PaymentDesk;
  let loanId: string;

  beforeEach(async () => {
    desk = await PaymentDesk.open();
    ({ loanId } = await seedActiveLoan(desk.deps, { productId: 'consumer-equal-principal', on: DISBURSED }));
  });

  afterEach(() => desk.close());

  /** Money that came in today and counts from a later day, as after a bank's cut-off before a weekend. */
  async function receive(amount: number, on: BusinessDate, valueDate: BusinessDate): Promise<void> {
    await desk.deps.db.transaction(async (tx) =>
      bookReceipt(desk.deps, tx, await lockLoan(tx, loanId), {
        key: 'receipt',
        fact: 'receipt',
        entry: 'receipt',
        instructionId: null,
        amount: fen(amount),
        valueDate,
        businessDate: on,
        at: at(on, '18:00'),
        posting: (effect, isChargedOff) => suspenseApplied('wallet', fen(amount), effect, isChargedOff),
      }),
    );
  }

  async function owed() {
    return loanAccountNow(recordOf(desk.deps.catalogue, await readLoanFile(desk.deps.db, loanId)), DISBURSED);
  }

  async function principalAgrees(): Promise<void> {
    const checks = await checkInvariants({ db: desk.deps.db });
    expect(checks.find(({ invariant }) => invariant === 'I7')?.violations).toEqual([]);
  }

  it.each([
    ['on the same day', 0],
    ['days later', 2],
  ])('moves in the ledger what its frozen penalty moves in the account, when it begins and when it ends %s', async (_, days) => {
    await receive(150_000, LATE, addDays(LATE, 4));
    const { penaltyAccrued } = await owed();
    await principalAgrees();
    const on = addDays(LATE, 1);
    const instructionId = await desk.debit(loanId, on, 20_000, { behaviour: 'no-answer', queries: 0 });
    expect((await owed()).penaltyAccrued).toBeLessThan(penaltyAccrued);
    await principalAgrees();
    const outcome: { state: string } = await desk.environment.run(desk.activities.queryPayment, {
      instructionId,
      attempt: 1,
      at: at(addDays(on, days), '11:00'),
    });
    expect(outcome.state).toBe('SUCCEEDED');
    await principalAgrees();
  });
});
