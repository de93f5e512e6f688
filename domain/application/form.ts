import type { Fen } from '../money/money';
import { monthsFromAnchor, type BusinessDate } from '../time/dates';

/** What the money is for. The last four are no consumption: lending for them on this licence is forbidden (Interim Measures for Internet Loans, art. 9). */
export const LOAN_PURPOSES = [
  'DAILY_CONSUMPTION',
  'DURABLE_GOODS',
  'EDUCATION',
  'MEDICAL',
  'RENOVATION',
  'TRAVEL',
  'OTHER_CONSUMPTION',
  'HOUSING',
  'SECURITIES',
  'DEBT_REPAYMENT',
  'BUSINESS',
] as const;
export type LoanPurpose = (typeof LOAN_PURPOSES)[number];
export const FORBIDDEN_PURPOSES: readonly LoanPurpose[] = ['HOUSING', 'SECURITIES', 'DEBT_REPAYMENT', 'BUSINESS'];

export const EMPLOYMENT_STATUSES = ['EMPLOYED', 'SELF_EMPLOYED', 'STUDENT', 'RETIRED', 'UNEMPLOYED'] as const;
export type EmploymentStatus = (typeof EMPLOYMENT_STATUSES)[number];

/** Of an ID card without an end (issued from the age of 46 on). */
export const LONG_TERM = 'LONG_TERM';

/** What a borrower states besides who they are; null where nothing was stated (names after Fineract's loan origination). */
export interface Stated {
  readonly loanPurpose: LoanPurpose | null;
  readonly employmentStatus: EmploymentStatus | null;
  readonly employmentDurationMonths: number | null;
  readonly occupation: string | null;
  readonly residence: string | null;
  /** What is paid each month for loans elsewhere, in fen. */
  readonly existingLoanObligations: Fen | null;
  readonly idValidUntil: BusinessDate | typeof LONG_TERM | null;
}

/** Fields that a product may ask for; what it asks for is missing until it is stated. */
export const REQUIRABLE_FIELDS = [
  'loanPurpose',
  'employmentStatus',
  'employmentDurationMonths',
  'occupation',
  'residence',
  'existingLoanObligations',
  'idValidUntil',
] as const satisfies readonly (keyof Stated)[];
export type RequirableField = (typeof REQUIRABLE_FIELDS)[number];

/** The step of the form that asks for each. */
export const STEP_OF_FIELD = {
  loanPurpose: 'request',
  employmentStatus: 'income',
  employmentDurationMonths: 'income',
  occupation: 'income',
  residence: 'identity',
  existingLoanObligations: 'income',
  idValidUntil: 'identity',
} as const satisfies Record<RequirableField, string>;

const ID_YEARS_MAX = 20;
const LONG_TERM_FROM_AGE = 46;

/** Whether an ID card can be valid for so long: twenty years at most, without an end from the age of 46 on (Resident Identity Cards Act, art. 5). */
export function isIdPlausible(validUntil: Stated['idValidUntil'], age: number, on: BusinessDate): boolean {
  if (validUntil === LONG_TERM) return age >= LONG_TERM_FROM_AGE;
  return validUntil === null || validUntil <= monthsFromAnchor(on, 12 * ID_YEARS_MAX);
}

/** Whether an ID card is out of date on a day: its last day is still one of its own. False where its end is not stated. */
export const isIdExpired = (validUntil: Stated['idValidUntil'], on: BusinessDate): boolean =>
  validUntil !== null && validUntil !== LONG_TERM && validUntil < on;
