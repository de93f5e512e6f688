import { createHash, createHmac } from 'node:crypto';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Deadline } from './deadline';
import { wireFault, type ChannelLink, type WireRequest } from './http';
import type { FileReply } from './port';

/** What is known about a file once it is whole on disk, and before anybody reads it. */
export interface Downloaded {
  readonly status: number;
  readonly headers: Headers;
  /** Hex SHA-256 of the body. */
  readonly sha256: string;
  /** Hex HMAC-SHA256, under the link's secret, of what `signedHead` gave and the body. */
  readonly hmac: string;
}

export interface Scrutiny {
  /** What the signature covers before the body. */
  signedHead(status: number, headers: Headers): string;
  /** Why the file is not to be read; nothing when it is what the channel signed. */
  objection(file: Downloaded): Exclude<FileReply, { state: 'READY' }> | undefined;
}

/** A day of a large lender is a gigabyte on a slow line: its body gets longer than any other answer. */
const BODY_TIMEOUT_MS = 10 * 60_000;

/** A file without a name: it is gone with its handle, also when the process is killed. */
async function unnamedFile(): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'loanloom-file-'));
  try {
    return await open(join(folder, 'body'), 'wx+', 0o600);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A line that broke, as distinct from a disk that is full: that is our own fault, and thrown. */
class Broken extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

function broken(error: unknown): never {
  throw new Broken(wireFault(error).code);
}

async function* chunksOf(body: Response['body']): AsyncGenerator<Uint8Array> {
  try {
    yield* (body ?? []) as AsyncIterable<Uint8Array>;
  } catch (error) {
    broken(error);
  }
}

/** The head of the answer; its body may be long in coming. */
async function begin(link: ChannelLink, request: WireRequest, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(`${link.baseUrl}${request.target}`, {
      method: request.method,
      headers: { ...request.headers, 'x-sandbox-as-of': request.asOf },
      signal,
    });
  } catch (error) {
    return broken(error);
  }
}

/**
 * Downloads a file to disk, however large, and gives it out for reading only when the adapter finds that the
 * channel signed just this. The request has to be answered within the link's time, the whole body within
 * ten minutes.
 */
export async function download(link: ChannelLink, request: WireRequest, signal: AbortSignal, scrutiny: Scrutiny): Promise<FileReply> {
  const deadline = new Deadline(signal, link.timeoutMs);
  let file: FileHandle | undefined;
  try {
    const { status, headers, body } = await begin(link, request, deadline.signal);
    deadline.moveTo(BODY_TIMEOUT_MS);
    file = await unnamedFile();
    const [hash, mac] = [createHash('sha256'), createHmac('sha256', link.secret).update(scrutiny.signedHead(status, headers))];
    for await (const chunk of chunksOf(body)) {
      hash.update(chunk);
      mac.update(chunk);
      await file.writeFile(chunk);
    }
    const objection = scrutiny.objection({ status, headers, sha256: hash.digest('hex'), hmac: mac.digest('hex') });
    if (objection) return objection;
    const content = file.createReadStream({ start: 0 });
    file = undefined;
    return { state: 'READY', content };
  } catch (error) {
    if (error instanceof Broken) return { state: 'UNKNOWN', code: error.code };
    throw error;
  } finally {
    deadline.end();
    await file?.close();
  }
}
