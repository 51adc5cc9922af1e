// Calls of the JSON API; errors are problem documents (RFC 9457).

export class Problem extends Error {
  constructor(status, title, detail) {
    super(detail || title);
    this.status = status;
    this.title = title;
  }
}

/** The response's JSON value, or null where there is none; throws Problem. */
export async function call(method, url, body, options = {}) {
  const response = await send(method, url, body, options);
  return response.status === 204 ? null : response.json();
}

/** The response itself, once it is known to be good; throws Problem, or AbortError when aborted. */
export async function send(method, url, body, options = {}) {
  let response;
  try {
    response = await fetch(url, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      ...options,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "No connection", "The server cannot be reached. Check the connection and try again.");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function problemOf(response) {
  if (response.status === 401) return new Problem(401, "Not signed in", "Your session is over. Reload the page and sign in again.");
  try {
    const value = await response.json();
    return new Problem(response.status, value.title, value.detail);
  } catch {
    return new Problem(response.status, "Error", `The server answered with an error (${response.status}). Try again.`);
  }
}
