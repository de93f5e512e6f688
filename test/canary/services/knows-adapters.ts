export { thing } from '../channels/adapters/thing';
