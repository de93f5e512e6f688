import isIdentityCard from 'validator/lib/isIdentityCard';
import isLuhnNumber from 'validator/lib/isLuhnNumber';
import isMobilePhone from 'validator/lib/isMobilePhone';
import type { IdentityVerifier } from './port';

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
