import { fenFromYuan, type Fen } from '../money/money';
import type { BusinessDate } from '../time/dates';

/** What the law allows an unsecured consumer loan to be, from a day on. */
export interface LegalLimits {
  readonly from: BusinessDate;
  readonly principalMax: Fen;
  readonly termMonthsMax: number;
  /** A loan whose principal is repaid at the end. */
  readonly bulletMonthsMax: number;
  readonly source: string;
}

/** Oldest first: the last one in force on a day binds on that day (reference: origination-collections §2c, R17). */
const LIMITS: readonly LegalLimits[] = [
  {
    from: '2020-07-17' as BusinessDate,
    principalMax: fenFromYuan('200000.00'),
    termMonthsMax: 60,
    bulletMonthsMax: 12,
    source: 'Interim Measures for Internet Loans of Commercial Banks (2020), art. 6',
  },
];

/** The limits in force on a day; undefined before there were any. */
export const limitsOn = (on: BusinessDate): LegalLimits | undefined => LIMITS.filter(({ from }) => from <= on).at(-1);
