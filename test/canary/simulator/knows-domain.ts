export { thing } from '../domain/thing';
