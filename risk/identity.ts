import isIdentityCard from 'validator/lib/isIdentityCard';
import isLuhnNumber from 'validator/lib/isLuhnNumber';
import isMobilePhone from 'validator/lib/isMobilePhone';
import { businessDate, daysInMonth, type BusinessDate } from '../domain/dates';

export interface IdentityClaim {
  readonly name: string;
  readonly idNumber: string;
  readonly phone: string;
  readonly cardNumber: string;
}

export interface CheckResult {
  readonly check: string;
  readonly passed: boolean;
}

/** What was checked, with results, and what was not: a record never claims more than was done. */
export interface IdentityVerdict {
  readonly passed: boolean;
  readonly checked: readonly CheckResult[];
  readonly notChecked: readonly string[];
  readonly provider: string;
}

/** Port to whoever can vouch for an identity. An adapter to an authoritative source replaces the formal checks below. */
export interface IdentityVerifier {
  verify(claim: IdentityClaim): Promise<IdentityVerdict>;
}

/** GB 11643: digits 7–14 are the date of birth. Undefined when the number is malformed. */
export function dateOfBirth(idNumber: string): BusinessDate | undefined {
  const match = /^\d{6}(\d{4})(\d{2})(\d{2})\d{3}[\dXx]$/.exec(idNumber);
  if (!match) return undefined;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (year < 1900 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  return businessDate(`${match[1] ?? ''}-${match[2] ?? ''}-${match[3] ?? ''}`);
}

/** Completed years between two dates. */
export function ageOn(birth: BusinessDate, on: BusinessDate): number {
  const years = Number(on.slice(0, 4)) - Number(birth.slice(0, 4));
  return on.slice(5) < birth.slice(5) ? years - 1 : years;
}

/** Formal checks of the four elements. They prove that the data can exist, not whose it is; the verdict says so. */
export function createFormalIdentityVerifier(): IdentityVerifier {
  return {
    verify(claim) {
      const checked = [
        { check: 'name is present', passed: claim.name.trim().length >= 2 },
        { check: 'ID number: form, region, date and checksum (GB 11643)', passed: isIdentityCard(claim.idNumber, 'zh-CN') },
        { check: 'phone: a mainland mobile number', passed: isMobilePhone(claim.phone, 'zh-CN') },
        { check: 'card: length and Luhn digit', passed: /^\d{13,19}$/.test(claim.cardNumber) && isLuhnNumber(claim.cardNumber) },
      ];
      const notChecked = [
        'name and ID number against the public security register',
        'card and phone against the card network (four elements)',
        'face and liveness',
        'sanction lists',
      ];
      return Promise.resolve({ passed: checked.every((each) => each.passed), checked, notChecked, provider: 'formal-checks-1' });
    },
  };
}
