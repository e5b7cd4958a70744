/** Sign-in with the user pool's own pages: a code with PKCE. Tokens stay in the tab's session storage, in no URL. */
import { type User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Config } from "./config";

export class UserPool {
  private readonly manager: UserManager;
  private user: User | null = null;
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
      automaticSilentRenew: true,
      metadata: {
        issuer,
        authorization_endpoint: `${given.url}/oauth2/authorize`,
        token_endpoint: `${given.url}/oauth2/token`,
      },
    });
    this.manager.events.addUserLoaded((user) => {
      this.user = user;
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
      this.user = await this.manager.signinCallback(url) ?? null;
      const view = this.user?.state;
      if (typeof view === "string" && view.startsWith("#/")) window.location.hash = view;
    } else {
      this.user = await this.manager.getUser();
      if (this.user?.expired) this.user = await this.renewed();
    }
    return this.user !== null;
  }

  /** Get new tokens. Throws where the pool gives none any more. */
  private async renewed(): Promise<User | null> {
    try {
      return await this.manager.signinSilent();
    } catch {
      await this.manager.removeUser();
      throw new Error("Your sign-in has ended. Sign in again: the page leads back to this view.");
    }
  }

  token(): string {
    return this.user?.id_token ?? "";
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
