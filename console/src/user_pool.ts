/** Sign-in with the user pool's own pages: a code with PKCE. Tokens stay in the tab's session storage, in no URL. */
import { ErrorResponse, type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Config } from "./config";
import { Refusal, UNREACHABLE } from "./service";

/** Seconds in which a token may end on its way to the API. */
const NEAR_ITS_END = 60;
const NOT_TAKEN = "That sign-in was not begun in this tab, or could not be completed. Sign in again.";
const ENDED = "Your sign-in has ended. Sign in again, and the page shows this view again.";

export class UserPool {
  private readonly manager: UserManager;
  private user: User | null = null;
  private renewal: Promise<void> | undefined;
  private readonly page = `${window.location.origin}${window.location.pathname}`;

  constructor(
    private readonly given: NonNullable<Config["sign_in"]>,
    region: string,
  ) {
    const issuer = `https://cognito-idp.${region}.amazonaws.com/${given.pool}`;
    this.manager = new UserManager({
      authority: issuer,
      client_id: given.client,
      redirect_uri: this.page,
      scope: "openid profile",
      userStore: new WebStorageStateStore({ store: sessionStorage }),
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      automaticSilentRenew: false, // a timer sleeps with the tab: each call renews what is near its end
      metadata: {
        issuer,
        authorization_endpoint: `${given.url}/oauth2/authorize`,
        token_endpoint: `${given.url}/oauth2/token`,
      },
    });
  }

  /** Go to the pool's sign-in pages. They lead back to the same view. */
  begin(): Promise<void> {
    return this.manager.signinRedirect({ state: window.location.hash });
  }

  /** Take the code that the sign-in pages have sent, or the tokens that the tab has. Throws where the code is not this tab's. */
  async resumed(): Promise<boolean> {
    const sent = new URLSearchParams(window.location.search);
    if (sent.has("state")) {
      const url = window.location.href;
      window.history.replaceState(null, "", this.page);
      this.user = await this.taken(url);
      const view = this.user?.state;
      if (typeof view === "string" && view.startsWith("#/")) window.location.hash = view;
    } else {
      this.user = await this.manager.getUser();
    }
    return this.user !== null;
  }

  private async taken(url: string): Promise<User | null> {
    try {
      return (await this.manager.signinCallback(url)) ?? null;
    } catch (error) {
      throw new Error(error instanceof ErrorResponse ? `The user pool said no: ${error.message}. Sign in again.` : NOT_TAKEN);
    }
  }

  /** Return the token for the next call. Throws a Refusal where it is over and cannot be renewed. */
  async token(): Promise<string> {
    if (this.user && (this.user.expires_in ?? 0) < NEAR_ITS_END) await this.renewed();
    return this.user?.id_token ?? "";
  }

  /** Calls at the same time share one renewal: the pool may take each refresh token only once. */
  private renewed(): Promise<void> {
    this.renewal ??= this.renew().finally(() => {
      this.renewal = undefined;
    });
    return this.renewal;
  }

  private async renew(): Promise<void> {
    try {
      if (!this.user?.refresh_token) throw new Refusal(401, ENDED);
      this.user = await this.manager.signinSilent();
    } catch (error) {
      if (this.user && !this.user.expired) return; // it may be tried again at the next call
      throw error instanceof ErrorResponse || error instanceof Refusal ? new Refusal(401, ENDED) : new Refusal(0, UNREACHABLE);
    }
  }

  async leave(): Promise<void> {
    await this.manager.removeUser();
    const query = new URLSearchParams({ client_id: this.given.client, logout_uri: this.page });
    window.location.assign(`${this.given.url}/logout?${query}`);
  }

  forget(): Promise<void> {
    return this.manager.removeUser();
  }
}
