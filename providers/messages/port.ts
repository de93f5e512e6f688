export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly attachments?: readonly { readonly filename: string; readonly contentType: string; readonly content: Buffer }[];
  /** Business key: becomes the Message-ID, so that a repeated delivery is recognised as the same mail. */
  readonly key: string;
}

/** Sends one mail or throws; may be called again with the same key. */
export interface Mailer {
  send(mail: Mail): Promise<void>;
}
