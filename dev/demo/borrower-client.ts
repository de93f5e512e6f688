import { randomUUID } from 'node:crypto';
import type { Person } from './person';

export interface BorrowerClientOptions {
  readonly apiUrl: string;
  readonly mailUrl: string;
  readonly token: string;
  readonly person: Person;
}

interface Command {
  readonly commandId: string;
  readonly state: string;
  readonly result?: Record<string, string>;
}

export interface LoanView {
  readonly loanId: string;
  readonly status: string;
  readonly bucket: string;
  readonly daysPastDue: number;
  readonly activatedOn: string | null;
  readonly closedOn: string | null;
  readonly owedNow: { minor: string };
  readonly outstanding: { total: { minor: string } };
}

const money = (fen: number) => ({ minor: String(fen), currency: 'CNY' });

/** An answer that was not a success. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
  ) {
    super(`${code}: ${detail}`);
  }
}

/** What a borrower does, over HTTP only: the API, and the mailbox for signing codes. */
export class BorrowerClient {
  constructor(private readonly options: BorrowerClientOptions) {}

  async call<T>(method: string, path: string, body?: unknown, idempotencyKey: string = randomUUID()): Promise<T> {
    const response = await fetch(`${this.options.apiUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.options.token}`, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const payload = (await response.json()) as T & { code?: string; detail?: string };
    if (!response.ok) throw new ApiProblem(response.status, payload.code ?? '', payload.detail ?? '');
    return payload;
  }

  /** A document, as bytes. */
  async download(path: string): Promise<Buffer> {
    const response = await fetch(`${this.options.apiUrl}${path}`, { headers: { authorization: `Bearer ${this.options.token}` } });
    if (!response.ok) throw new ApiProblem(response.status, '', `${path} could not be downloaded`);
    return Buffer.from(await response.arrayBuffer());
  }

  /** Repeats `read` until it gives a value; `what` names it in the error. */
  async until<T>(what: string, read: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const value = await read();
      if (value !== undefined) return value;
      if (Date.now() > deadline) throw new Error(`${what} did not come within ${String(timeoutMs / 1_000)} s`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async applicationStatus(id: string): Promise<string> {
    return (await this.call<{ status: string }>('GET', `/v1/applications/${id}`)).status;
  }

  async untilStatus(id: string, wanted: readonly string[]): Promise<string> {
    return this.until(`status ${wanted.join(' or ')}`, async () => {
      const status = await this.applicationStatus(id);
      return wanted.includes(status) ? status : undefined;
    });
  }

  /** Waits until an application was sent back for the how-manieth time. */
  async untilRound(id: string, wanted: number): Promise<void> {
    await this.until(`round ${String(wanted)}`, async () => {
      const { round } = await this.call<{ round: number }>('GET', `/v1/applications/${id}`);
      return round >= wanted ? round : undefined;
    });
  }

  /** Reads each consent's text and agrees to those that a loan needs, and to an automated decision. */
  async agree(): Promise<void> {
    const { texts } = await this.call<{ texts: { kind: string; isRequired: boolean; sha256: string }[] }>('GET', '/v1/consents');
    for (const { kind, isRequired, sha256 } of texts)
      if (isRequired || kind === 'AUTOMATED_DECISION')
        await this.call('PUT', `/v1/consents/${kind}`, { textSha256: sha256, locale: 'zh-CN' });
  }

  /** The four steps, the consents and the submission; returns the application's id. */
  async apply(request: {
    productId: string;
    principalFen: number;
    termMonths: number;
    monthlyIncomeFen?: number;
    cardNumber?: string;
  }): Promise<string> {
    const { person } = this.options;
    const started = await this.call<Command>('POST', '/v1/applications', { productId: request.productId });
    const id = started.result?.applicationId ?? '';
    const put = (step: string, body: unknown) => this.call('PUT', `/v1/applications/${id}/steps/${step}`, body);
    await put('request', { principal: money(request.principalFen), termMonths: request.termMonths });
    await put('identity', { name: person.name, idNumber: person.idNumber, phone: person.phone, email: person.email });
    await put('income', { monthlyIncome: money(request.monthlyIncomeFen ?? Math.max(2_000_000, request.principalFen * 4)) });
    await put('card', { cardNumber: request.cardNumber ?? person.cardNumber });
    await this.agree();
    await this.call('POST', `/v1/applications/${id}/submission`);
    return id;
  }

  /** Reads the cost table for as long as it has to be shown, and confirms it. */
  async readDisclosure(id: string): Promise<void> {
    const shown = await this.call<{ sha256: string; shownAt: string; confirmableAt: string; confirmedAt: string | null }>(
      'GET',
      `/v1/applications/${id}/disclosure`,
    );
    if (shown.confirmedAt !== null) return;
    await new Promise((resolve) => setTimeout(resolve, Date.parse(shown.confirmableAt) - Date.parse(shown.shownAt)));
    await this.call('POST', `/v1/applications/${id}/disclosure/confirmation`, { disclosureSha256: shown.sha256 });
  }

  async accept(id: string): Promise<void> {
    await this.readDisclosure(id);
    await this.call('POST', `/v1/applications/${id}/acceptance`);
  }

  async cancel(id: string): Promise<void> {
    await this.call('POST', `/v1/applications/${id}/cancellation`);
  }

  /** Asks for a code, reads it in the mailbox and signs what was shown. */
  async sign(id: string): Promise<void> {
    const { sha256 } = await this.call<{ sha256: string }>('GET', `/v1/applications/${id}/contract`);
    await this.call('POST', `/v1/applications/${id}/signing-codes`);
    const code = await this.until('the signing code', async () => {
      const mails = (await (
        await fetch(`${this.options.mailUrl}/messages?to=${encodeURIComponent(this.options.person.email)}`)
      ).json()) as { text: string }[];
      return mails
        .map((mail) => (mail.text.includes(id) ? /code to sign contract \S+ is (\d{6})/.exec(mail.text)?.[1] : undefined))
        .findLast((each) => each !== undefined);
    });
    await this.call('POST', `/v1/applications/${id}/signature`, { code, contractSha256: sha256 });
  }

  async loan(id: string): Promise<LoanView> {
    return this.call('GET', `/v1/loans/${id}`);
  }

  async timeline(id: string): Promise<{
    happened: { at: string; businessDate: string; kind: string; data: Record<string, string | number | boolean> }[];
    next: { kind: string; at: string | null; why: string } | null;
  }> {
    return this.call('GET', `/v1/loans/${id}/timeline`);
  }

  /** Pays and waits for the channel's outcome. */
  async pay(id: string, amountFen: number | 'PAYOFF'): Promise<{ paymentId: string; state: string }> {
    const command = await this.call<Command>(
      'POST',
      `/v1/loans/${id}/payments`,
      amountFen === 'PAYOFF' ? { payoff: true } : { amount: money(amountFen) },
    );
    const paymentId = command.result?.paymentId ?? '';
    const state = await this.until(`payment ${paymentId}`, async () => {
      const payment = await this.call<{ state: string }>('GET', `/v1/loans/${id}/payments/${paymentId}`);
      return payment.state === 'OPEN' ? undefined : payment.state;
    });
    return { paymentId, state };
  }

  async promise(id: string, amountFen: number, dueOn: string): Promise<void> {
    await this.call('POST', `/v1/loans/${id}/promises`, { amount: money(amountFen), dueOn });
  }
}
