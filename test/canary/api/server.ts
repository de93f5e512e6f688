export { thing } from '../workers/thing';
