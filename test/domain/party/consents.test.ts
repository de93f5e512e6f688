import {
  CONSENT_KINDS,
  consentBody,
  consentText,
  effectsOfWithdrawal,
  isRequiredConsent,
  REQUIRED_CONSENTS,
  type ConsentKind,
  type ConsentText,
} from '../../../domain/party/consents';
import { CONSENT_FILES } from '../../../domain/party/consents/index';
import { businessDate } from '../../../domain/time/dates';

/** Guarantee: a person is asked for the text of the day, in both languages, refuses what may be refused, and is told what a withdrawal brings about. */
const ON = businessDate('2026-11-30');
const version = (number: number, effectiveFrom: string, kind: ConsentKind = 'PRIVACY'): ConsentText => ({
  kind,
  version: number,
  effectiveFrom: businessDate(effectiveFrom),
  isRequired: true,
  title: { en: 'Privacy', 'zh-CN': '隐私' },
  text: { en: 'We keep it.', 'zh-CN': '保存。' },
});

describe('the text of a consent', () => {
  it.each(CONSENT_KINDS)('of %s is there in both languages', (kind) => {
    const { title, text, ...rest } = consentText(kind, ON);
    expect(rest).toEqual({ kind, version: 1, effectiveFrom: '2026-01-01', isRequired: isRequiredConsent(kind) });
    for (const words of [title, text]) {
      expect(words['zh-CN']).toMatch(/\p{Script=Han}/u);
      expect(words.en).toMatch(/[a-z]{3}/);
    }
  });

  it('is one for each kind, in the order in which a person is asked', () => {
    expect((CONSENT_FILES as { kind: string }[]).map(({ kind }) => kind)).toEqual(CONSENT_KINDS);
  });

  it('is the latest version in effect on the day, of its own kind, wherever it stands in the list', () => {
    const texts = [version(2, '2026-11-30'), version(1, '2026-01-01'), version(3, '2026-12-01'), version(9, '2026-01-01', 'FACE')];
    const asked = (on: string, of = texts) => consentText('PRIVACY', businessDate(on), of).version;
    expect([asked('2026-11-29'), asked('2026-11-30'), asked('2026-12-01')]).toEqual([1, 2, 3]);
    expect(asked('2026-12-01', [...texts].reverse())).toBe(3);
    expect(() => consentText('MARKETING', ON, texts)).toThrow(
      expect.objectContaining({ code: 'CONFIGURATION', message: 'there is no text for the consent MARKETING' }),
    );
    expect(() => asked('2025-12-31')).toThrow('there is no text for the consent PRIVACY');
  });

  it('is hashed with all that a person read, in a fixed order', () => {
    expect(consentBody(version(3, '2026-01-01'))).toBe('PRIVACY\n3\n隐私\nPrivacy\n保存。\nWe keep it.');
  });
});

describe('a consent', () => {
  it('is needed for a loan only where the loan is not possible without it', () => {
    expect(REQUIRED_CONSENTS).toEqual(['PRIVACY', 'IDENTITY_QUERY', 'BUREAU_QUERY', 'BUREAU_REPORTING']);
    expect(CONSENT_KINDS.filter((kind) => !isRequiredConsent(kind))).toEqual([
      'FACE',
      'AUTOMATED_DECISION',
      'PARTNER_SHARING',
      'MARKETING',
    ]);
  });

  const ENDS = {
    'zh-CN': '正在进行的申请将终止；已生效的贷款继续履行，已依法进行的处理不受影响。',
    en: 'An application that is under way ends. A loan that was paid out goes on, and what was done lawfully before stays lawful.',
  };

  it.each<[ConsentKind, string | null, string | null]>([
    ['PRIVACY', null, null],
    ['IDENTITY_QUERY', 'Nothing is sent to identity sources any more.', '不再向身份核验机构发送任何信息。'],
    ['BUREAU_QUERY', 'Your credit report is not queried any more.', '不再查询您的信用报告。'],
    ['BUREAU_REPORTING', null, null],
    ['FACE', 'Another method of equal effect is used.', '改用同等效力的其他核验方式。'],
    ['AUTOMATED_DECISION', 'A person decides.', '由工作人员作出决定。'],
    ['PARTNER_SHARING', 'Nothing is told to that partner any more.', '不再向该合作机构提供信息。'],
    ['MARKETING', 'No marketing is sent any more.', '不再发送营销信息。'],
  ])('for %s that is withdrawn says what follows, and that the application ends where it was needed', (kind, en, chinese) => {
    const own = en === null ? [] : [{ en, 'zh-CN': chinese }];
    expect(effectsOfWithdrawal(kind)).toEqual(isRequiredConsent(kind) ? [...own, ENDS] : own);
  });
});
