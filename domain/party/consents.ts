import { z } from 'zod';
import { LoanloomError } from '../errors';
import { businessDate, type BusinessDate } from '../time/dates';
import { CONSENT_FILES } from './consents/index';

/** What a person can agree to, each by itself and none by default (PIPL 13–15, 23, 24, 29; Administrative Regulations on the Credit Reporting Industry 15, 18; face rules of 2025). */
export const CONSENT_KINDS = [
  'PRIVACY',
  'IDENTITY_QUERY',
  'BUREAU_QUERY',
  'BUREAU_REPORTING',
  'FACE',
  'AUTOMATED_DECISION',
  'PARTNER_SHARING',
  'MARKETING',
] as const;
export type ConsentKind = (typeof CONSENT_KINDS)[number];

const text = z.strictObject({ en: z.string().min(1), 'zh-CN': z.string().min(1) });
const consentTextSchema = z.strictObject({
  kind: z.enum(CONSENT_KINDS),
  version: z.int().min(1),
  effectiveFrom: z.string().transform((value) => businessDate(value, 'effectiveFrom')),
  /** Without it there is no loan; everything else can be refused, and blocks nothing. */
  isRequired: z.boolean(),
  title: text,
  text,
});

/** One version of one text, in both languages. */
export type ConsentText = z.output<typeof consentTextSchema>;

const TEXTS: readonly ConsentText[] = CONSENT_FILES.map((file) => consentTextSchema.parse(file));

/** The text that is asked for on a day: the latest version in effect. */
export function consentText(kind: ConsentKind, on: BusinessDate, texts: readonly ConsentText[] = TEXTS): ConsentText {
  const inEffect = texts.filter((each) => each.kind === kind && each.effectiveFrom <= on);
  const latest = inEffect.reduce<ConsentText | undefined>((best, each) => (best && best.version > each.version ? best : each), undefined);
  if (!latest) throw new LoanloomError('CONFIGURATION', `there is no text for the consent ${kind}`);
  return latest;
}

/** What is hashed of a text: everything that a person read, in a fixed order. */
export const consentBody = ({ kind, version, title, text: body }: ConsentText): string =>
  [kind, String(version), title['zh-CN'], title.en, body['zh-CN'], body.en].join('\n');

export const isRequiredConsent = (kind: ConsentKind): boolean => TEXTS.some((each) => each.kind === kind && each.isRequired);

export const REQUIRED_CONSENTS: readonly ConsentKind[] = CONSENT_KINDS.filter(isRequiredConsent);

interface Effect {
  readonly en: string;
  readonly 'zh-CN': string;
}

const ENDS: Effect = {
  'zh-CN': '正在进行的申请将终止；已生效的贷款继续履行，已依法进行的处理不受影响。',
  en: 'An application that is under way ends. A loan that was paid out goes on, and what was done lawfully before stays lawful.',
};

/** What withdrawing each consent brings about, to be shown before and after. */
const EFFECTS: Readonly<Record<ConsentKind, readonly Effect[]>> = {
  PRIVACY: [ENDS],
  IDENTITY_QUERY: [{ 'zh-CN': '不再向身份核验机构发送任何信息。', en: 'Nothing is sent to identity sources any more.' }, ENDS],
  BUREAU_QUERY: [{ 'zh-CN': '不再查询您的信用报告。', en: 'Your credit report is not queried any more.' }, ENDS],
  BUREAU_REPORTING: [ENDS],
  FACE: [{ 'zh-CN': '改用同等效力的其他核验方式。', en: 'Another method of equal effect is used.' }],
  AUTOMATED_DECISION: [{ 'zh-CN': '由工作人员作出决定。', en: 'A person decides.' }],
  PARTNER_SHARING: [{ 'zh-CN': '不再向该合作机构提供信息。', en: 'Nothing is told to that partner any more.' }],
  MARKETING: [{ 'zh-CN': '不再发送营销信息。', en: 'No marketing is sent any more.' }],
};

export const effectsOfWithdrawal = (kind: ConsentKind): readonly Effect[] => EFFECTS[kind];
