export { thing } from '../services/thing';
