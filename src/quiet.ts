/**
 * DEBUG is Fairlead's own: it asks for stack traces. Libraries that find it print passwords, such as the environment
 * that git gets and the credentials of a pull. They read it once, when they are loaded, so this module is imported before
 * all others.
 */
const { DEBUG = '' } = process.env;
delete process.env['DEBUG'];

export const isDebugging = DEBUG !== '';
