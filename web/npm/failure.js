// Errors as all of the package's are, and the mistakes that the bindings know by words of their own.

/** Gives an object a property of its own, whatever a page may have put upon Object.prototype. */
function define(object, name, value) {
  Object.defineProperty(object, name, Object.assign(Object.create(null), {
    value, writable: true, enumerable: true, configurable: true,
  }));
}

/** An error with a kind. */
export function failure(Class, message, kind, cause) {
  const error = new Class(message);
  define(error, 'cause', cause);
  define(error, 'kind', kind);
  return error;
}

const mistakes = new Map([
  ['null pointer passed to rust', 'an object was used after free()'],
  ['attempted to take ownership of Rust value while it was borrowed', 'an object was freed while a call was reading it'],
  ['recursive use of an object detected which would lead to unsafe aliasing in rust', 'an object was used while it was freed'],
]);

/** The message of an error; of what a page has thrown besides, none, and no step that could throw again. */
function messageOf(thrown) {
  try {
    return thrown instanceof Error ? thrown.message : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the bindings have thrown this before anything was begun: the module is as it was. */
export const isMistake = (error) => mistakes.has(messageOf(error));

/**
 * What a call has thrown, as an error that has a kind: the bindings throw plain ones for an argument that is no object of
 * the class and for an object that was freed, and a proxy among the arguments throws what it likes.
 */
export function explained(thrown) {
  const words = messageOf(thrown);
  if (words !== undefined && Object.hasOwn(thrown, 'kind')) return thrown;
  const [, expected] = /^expected instance of (\w+)$/.exec(words) ?? [];
  const message = expected ? `an argument is no ${expected}` : mistakes.get(words) ?? 'an argument cannot be read';
  return failure(TypeError, message, 'invalid-input', thrown);
}
