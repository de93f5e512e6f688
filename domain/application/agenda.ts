import { IDENTITY_CHECKS, type IdentityAct, type IdentityCheckKind, type IdentityConclusion } from '../party/identity-checks';
import type { Product } from '../product/products';
import type { ApplicationStatus } from '../states';
import { DAY_MS, epochMs, HOUR_MS, instant, type Instant } from '../time/dates';
import type { SealingAct, SealingTrouble } from './sealing';

/** What of a product decides how long an application waits, and for what. */
export type ApplicationProduct = Pick<Product, 'draftValidDays' | 'offer' | 'reflection'> & {
  readonly signing: Product['signing'];
  readonly review: Pick<Product['review'], 'validDays'>;
};

/** Where an application stands. `waitingUntil` is the deadline of its status, null while none is set. */
export interface ApplicationPlace {
  readonly status: ApplicationStatus;
  readonly waitingUntil: Instant | null;
  readonly product: ApplicationProduct;
  /** Its person was reminded that it waits for them, in this status and round. */
  readonly isReminded: boolean;
  /** What its person's checks come to; while none is known, every source is asked. */
  readonly identity?: IdentityAct;
  /** What the seal of its contract comes to; null for a contract of words, from before contracts were sealed. */
  readonly sealing?: SealingAct | null;
  /** Nobody is asked to sign what could not be sealed. */
  readonly canSeal?: boolean;
  /** People were told that nobody can sign because nobody could seal. */
  readonly isSilenceTold?: boolean;
  readonly now: Instant;
}

/** The next act of an application, by what is recorded. `summary` is what operators read of it. */
export type ApplicationAct =
  /** A wait without a deadline would last for ever: it gets its product's. */
  | { readonly kind: 'SET_DEADLINE'; readonly until: Instant }
  | { readonly kind: 'MOVE'; readonly to: Exclude<ApplicationStatus, 'DRAFT'>; readonly why: string; readonly until: Instant | null }
  /** Half of its time is over, and its person is told what it waits for. */
  | { readonly kind: 'REMIND'; readonly status: RemindedStatus }
  | { readonly kind: 'DECIDE' }
  | { readonly kind: 'DRAW_UP_CONTRACT' }
  | { readonly kind: 'VERIFY_IDENTITY'; readonly checks: readonly IdentityCheckKind[]; readonly summary: string }
  /** A source has been silent for too long: people are told. */
  | { readonly kind: 'OPEN_IDENTITY_CASE'; readonly checks: readonly IdentityCheckKind[] }
  | { readonly kind: 'CONCLUDE_IDENTITY'; readonly conclusion: IdentityConclusion }
  /** Its borrower has signed: the contract is sealed, beside the loop. */
  | { readonly kind: 'SEAL_CONTRACT'; readonly summary: string }
  /** The seal is refused, or has been missing for too long: people are told. */
  | { readonly kind: 'OPEN_SEALING_CASE'; readonly why: SealingTrouble }
  | { readonly kind: 'OPEN_LOAN' | 'END'; readonly summary: string }
  | { readonly kind: 'WAIT'; readonly until: Instant; readonly summary: string };

/** How often it is looked whether the signing service is back. */
const LOOK_AGAIN_MS = 15 * 60_000;

/** When a status that begins at `at` runs out by its product; null for one that waits for nobody. */
export function deadlineOf(status: ApplicationStatus, product: ApplicationProduct, at: Instant): Instant | null {
  const after = (ms: number) => instant(epochMs(at) + ms);
  switch (status) {
    case 'DRAFT':
      return after(product.draftValidDays * DAY_MS);
    case 'FOUR_EYES':
      return after(product.review.validDays * DAY_MS);
    case 'OFFERED':
      return after(product.offer.validHours * HOUR_MS);
    case 'REFLECTION_PERIOD':
      return after(product.reflection.hours * HOUR_MS);
    case 'AWAITING_SIGNATURE':
      return after(product.signing.validHours * HOUR_MS);
    default:
      return null;
  }
}

/** Whether the status has run out: exactly at its deadline it has. */
export const isOver = ({ waitingUntil, now }: Pick<ApplicationPlace, 'waitingUntil' | 'now'>): boolean =>
  waitingUntil !== null && now >= waitingUntil;

const move = ({ product, now }: ApplicationPlace, to: Exclude<ApplicationStatus, 'DRAFT'>, why: string): ApplicationAct => ({
  kind: 'MOVE',
  to,
  why,
  until: deadlineOf(to, product, now),
});

/** Statuses that wait for the borrower: half-way to the deadline they are reminded, once. */
const REMINDED = ['DRAFT', 'OFFERED', 'AWAITING_SIGNATURE'] as const satisfies readonly ApplicationStatus[];
export type RemindedStatus = (typeof REMINDED)[number];

const isRemindedOf = (status: ApplicationStatus): status is RemindedStatus => (REMINDED as readonly ApplicationStatus[]).includes(status);

/** Half of the status's time before its deadline. */
function halfTime({ status, waitingUntil, product, now }: ApplicationPlace): Instant {
  const whole = epochMs(deadlineOf(status, product, now) ?? now) - epochMs(now);
  return instant(epochMs(waitingUntil ?? now) - whole / 2);
}

/** Waits for a person until the deadline of its status; `after` is what happens then. */
function waits(place: ApplicationPlace, summary: string, after: (place: ApplicationPlace) => ApplicationAct): ApplicationAct {
  const { status, waitingUntil, product, now } = place;
  if (waitingUntil === null) return { kind: 'SET_DEADLINE', until: deadlineOf(status, product, now) ?? now };
  if (isOver(place)) return after(place);
  if (place.isReminded || !isRemindedOf(status)) return { kind: 'WAIT', until: waitingUntil, summary };
  const half = halfTime(place);
  return now >= half ? { kind: 'REMIND', status } : { kind: 'WAIT', until: half, summary };
}

const expires = (place: ApplicationPlace) => move(place, 'EXPIRED', `${place.status} ran out of time`);
const isAfterSigning = ({ product }: ApplicationPlace) => product.reflection.after === 'signing' && product.reflection.hours > 0;
const ended = ({ status }: ApplicationPlace): ApplicationAct => ({ kind: 'END', summary: status });

const CHECK_NAMES = { ID_NAME: 'name and ID number', PHONE_THREE_ELEMENTS: 'phone', CARD_FOUR_ELEMENTS: 'bank card' } as const;
const named = (checks: readonly IdentityCheckKind[]) => checks.map((check) => CHECK_NAMES[check]).join(', ');

function checksIdentity(act: IdentityAct): ApplicationAct {
  switch (act.kind) {
    case 'ASK':
      return { kind: 'VERIFY_IDENTITY', checks: act.checks, summary: `identity is being checked: ${named(act.checks)}` };
    case 'WAIT':
      return { kind: 'WAIT', until: act.until, summary: `a source does not answer and is asked again: ${named(act.checks)}` };
    case 'OPEN_CASE':
      return { kind: 'OPEN_IDENTITY_CASE', checks: act.checks };
    case 'CONFIRM':
    case 'REFER_BACK':
    case 'DECLINE':
      return { kind: 'CONCLUDE_IDENTITY', conclusion: act };
  }
}

/** One answer for each status: a new one does not compile without its own. */
const ACTS = {
  DRAFT: (place) => waits(place, 'waiting for the borrower to complete the steps', expires),
  SUBMITTED: (place) => move(place, 'KYC_PENDING', 'identity is checked'),
  KYC_PENDING: ({ identity = { kind: 'ASK', checks: IDENTITY_CHECKS } }) => checksIdentity(identity),
  DECISION_PENDING: () => ({ kind: 'DECIDE' }),
  FOUR_EYES: (place) => waits(place, 'referred: waiting for an operator to approve or decline', expires),
  OFFERED: (place) => waits(place, 'waiting for the borrower to accept the offer', expires),
  REFLECTION_PERIOD: (place) => waits(place, 'reflection period: the borrower may cancel free of charge', afterReflection),
  AWAITING_SIGNATURE: (place) => waits(place, 'waiting for the borrower to sign', expires),
  SIGNED: sealsContract,
  READY_TO_DISBURSE: () => ({ kind: 'OPEN_LOAN', summary: 'the loan is opened' }),
  DISBURSED: ended,
  DECLINED: ended,
  WITHDRAWN: ended,
  EXPIRED: ended,
} as const satisfies Record<ApplicationStatus, (place: ApplicationPlace) => ApplicationAct>;

function afterReflection(place: ApplicationPlace): ApplicationAct {
  if (place.product.reflection.after === 'signing') return move(place, 'READY_TO_DISBURSE', 'reflection period over');
  if (place.canSeal !== false) return { kind: 'DRAW_UP_CONTRACT' };
  const toldAt = epochMs(place.waitingUntil ?? place.now) + place.product.signing.sealWithinHours * HOUR_MS;
  if (place.isSilenceTold !== true && epochMs(place.now) >= toldAt) return { kind: 'OPEN_SEALING_CASE', why: 'SILENT' };
  const until = instant(epochMs(place.now) + LOOK_AGAIN_MS);
  return { kind: 'WAIT', until, summary: 'the signing service is away: nobody is asked to sign what could not be sealed' };
}

function sealsContract(place: ApplicationPlace): ApplicationAct {
  const { sealing = null } = place;
  switch (sealing?.kind) {
    case 'SEAL':
      return { kind: 'SEAL_CONTRACT', summary: 'the signed contract is sealed' };
    case 'WAIT':
      return { kind: 'WAIT', until: sealing.until, summary: 'the signing service does not answer and is asked again' };
    case 'OPEN_CASE':
      return { kind: 'OPEN_SEALING_CASE', why: sealing.why };
    case 'SEALED':
    case undefined:
      return isAfterSigning(place)
        ? move(place, 'REFLECTION_PERIOD', 'reflection period after signing')
        : move(place, 'READY_TO_DISBURSE', 'signed and no period is open');
  }
}

/**
 * What an application does next, by its status, deadline and product alone; the pure half of originateLoan. Every
 * status has a way on: a step of ours, a question to the outside, or a wait that a deadline ends.
 */
export function nextApplicationAct(place: ApplicationPlace): ApplicationAct {
  return ACTS[place.status](place);
}

/** What follows an accepted offer: the reflection period where the product has it before signing, else the contract. */
export function afterAcceptance({ product, now }: Pick<ApplicationPlace, 'product' | 'now'>): ApplicationAct {
  const { after, hours } = product.reflection;
  if (after === 'signing' || hours === 0) return { kind: 'DRAW_UP_CONTRACT' };
  return { kind: 'MOVE', to: 'REFLECTION_PERIOD', why: 'offer accepted', until: deadlineOf('REFLECTION_PERIOD', product, now) };
}
