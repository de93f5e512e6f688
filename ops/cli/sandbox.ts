import { LoanloomError } from '../../domain/errors';

/** The sandbox's part of the program, which may never touch production. CONFIGURATION in an image that ships without it. */
export async function sandbox(): Promise<typeof import('../../dev/cli')> {
  try {
    return await import('../../dev/cli');
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'MODULE_NOT_FOUND' && (error as { code?: unknown }).code !== 'ERR_MODULE_NOT_FOUND')
      throw error;
    throw new LoanloomError('CONFIGURATION', 'this is not in this image: the sandbox and its clock are for development only');
  }
}
