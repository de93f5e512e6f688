import Decimal from 'decimal.js';
import { LoanloomError } from './errors';
import type { Fen } from './money';

const D = Decimal.clone({ precision: 40, rounding: Decimal.ROUND_HALF_UP });

/**
 * Internal rate of return per period of one outflow followed by equally spaced inflows: the rate i at
 * which Σ payment_k / (1+i)^k equals `advanced` (PBoC announcement 3 of 2021 asks for this figure,
 * annualised). Unique for positive flows, so bisection on a sign change cannot miss it.
 * RATE_NOT_FOUND where the payments do not even return the money (no root at or above 0 is sought below −99 %).
 */
export function periodIrr(advanced: Fen, payments: readonly Fen[]): Decimal {
  if (advanced <= 0 || payments.length === 0)
    throw new LoanloomError('RATE_NOT_FOUND', 'a rate needs an amount advanced and at least one payment');
  const target = new D(advanced);
  const presentValue = (rate: Decimal): Decimal => {
    const factor = new D(1).div(rate.plus(1));
    let value = new D(0);
    for (let index = payments.length - 1; index >= 0; index -= 1) value = value.plus(payments[index] ?? 0).times(factor);
    return value;
  };
  let low = new D('-0.99');
  let high = new D(1);
  while (presentValue(high).gt(target)) {
    high = high.times(10);
    if (high.gt('1e6')) throw new LoanloomError('RATE_NOT_FOUND', 'no rate below 1,000,000 discounts the payments to the amount advanced');
  }
  if (presentValue(low).lt(target)) throw new LoanloomError('RATE_NOT_FOUND', 'the payments return too little for any rate above -99 %');
  for (let step = 0; step < 100; step += 1) {
    const middle = low.plus(high).div(2);
    if (presentValue(middle).gt(target)) low = middle;
    else high = middle;
  }
  return low.plus(high).div(2);
}

/** Nominal annual rate = IRR per period × periods per year, as a decimal string with 12 places. All fees that the borrower must bear belong into the payments. */
export function annualIrr(advanced: Fen, payments: readonly Fen[], periodsPerYear: number): string {
  return periodIrr(advanced, payments).times(periodsPerYear).toFixed(12);
}

/** APR_CAP_EXCEEDED when the all-in figure lies above the cap; equality is allowed. */
export function assertWithinCap(apr: string, cap: string): void {
  if (new D(apr).gt(new D(cap))) {
    throw new LoanloomError('APR_CAP_EXCEEDED', `the true yearly cost of ${apr} is above the cap of ${cap}`, { apr, cap });
  }
}
