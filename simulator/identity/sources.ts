import type { IncomingHttpHeaders } from 'node:http';
import { randomUUID } from 'node:crypto';
import type { WireAnswer } from '../protocol';
import { Register, type Finding, type RegisteredPerson } from './register';
import { alibabaAnswer, alibabaFailure, readAlibaba, readTencent, tencentAnswer, tencentFailure, type Asked } from './wire';

/** How a source may misbehave. `contradict`: says the opposite; `wrong`: a code that nobody knows; `busy`: a failure of its own. */
export const SOURCE_BEHAVIOURS = ['no-answer', 'reset', 'error', 'truncated', 'late', 'busy', 'wrong', 'contradict'] as const;
export type SourceBehaviour = (typeof SOURCE_BEHAVIOURS)[number];

export const SOURCE_NAMES = ['tencent', 'alibaba'] as const;
export type SourceName = (typeof SOURCE_NAMES)[number];

/** What a source noted of a question: never the person. */
export interface NotedQuestion {
  readonly source: SourceName;
  readonly action: string;
  readonly requestId: string;
  readonly consentId: string;
  readonly at: string;
  /** By the source's own clock, epoch ms. */
  readonly receivedAt: number;
}

export interface SourceScript {
  readonly source: SourceName;
  readonly action?: string;
  readonly behaviour: SourceBehaviour;
  times: number;
}

const LATE_MS = 1_500;
const OPPOSITE: Readonly<Record<Finding, Finding>> = { same: 'different', different: 'same', unknown: 'same' };

/** Simulated sources about people behind one register, with books of their own: what they were asked is evidence. */
export class IdentityDesk {
  readonly register: Register;
  readonly questions: NotedQuestion[] = [];
  private scripts: SourceScript[] = [];
  private readonly outages = new Map<SourceName, string>();

  constructor(
    private readonly secrets: Readonly<Record<string, string>>,
    registerFile?: string,
  ) {
    this.register = new Register(registerFile);
  }

  script(script: SourceScript): void {
    this.scripts.push(script);
  }

  /** Away until a business instant. */
  goOut(source: SourceName, until: string): void {
    this.outages.set(source, until);
  }

  /** Everything works again. */
  clear(): void {
    this.scripts = [];
    this.outages.clear();
  }

  answer(source: SourceName, headers: IncomingHttpHeaders, body: string, asOf: string): WireAnswer {
    const until = this.outages.get(source);
    if (until !== undefined && asOf < until) return plain(503, 'down for maintenance');
    const asked =
      source === 'tencent'
        ? readTencent(headers, body, this.secrets.tencent ?? '')
        : readAlibaba(headers, body, this.secrets.alibaba ?? '');
    if (!asked) return plain(401, 'signature');
    const noted = {
      source,
      action: asked.action,
      requestId: one(headers['x-request-id']),
      consentId: one(headers['x-consent-id']),
      at: asOf,
      receivedAt: Date.now(),
    };
    this.questions.push(noted);
    return this.misbehave(source, asked, this.take(source, asked.action));
  }

  private take(source: SourceName, action: string): SourceBehaviour | undefined {
    const script = this.scripts.find((each) => each.source === source && each.times > 0 && (each.action ?? action) === action);
    if (!script) return undefined;
    script.times -= 1;
    return script.behaviour;
  }

  private misbehave(source: SourceName, asked: Asked, behaviour: SourceBehaviour | undefined): WireAnswer {
    const requestId = randomUUID();
    const speak = (finding: Finding) =>
      source === 'tencent' ? tencentAnswer(asked.action, finding, requestId) : alibabaAnswer(finding, requestId);
    const found = this.find(asked.action, asked.person);
    switch (behaviour) {
      case 'busy':
        return plain(200, source === 'tencent' ? tencentFailure(requestId) : alibabaFailure(requestId));
      case 'wrong':
        return plain(200, speak('same').replace(/"(Result|BizCode)":"[^"]*"/, '"$1":"77"'));
      case 'contradict':
        return plain(200, speak(OPPOSITE[found]));
      case 'late':
        return { ...plain(200, speak(found)), delivery: { delayMs: LATE_MS } };
      case 'no-answer':
      case 'reset':
      case 'error':
      case 'truncated':
        return { ...plain(200, speak(found)), delivery: { fault: behaviour } };
      case undefined:
        return plain(200, speak(found));
    }
  }

  private find(action: string, person: RegisteredPerson): Finding {
    if (action === 'IdCardVerification') return this.register.identity(person);
    if (action === 'PhoneVerification') return this.register.phone(person);
    return this.register.card(person);
  }
}

const plain = (status: number, body: string): WireAnswer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body,
  delivery: {},
});
const one = (value: string | string[] | undefined): string => (typeof value === 'string' ? value : '');
