-- Sets money aside. Outcomes: held (now or by an earlier call with this request id: the hold as it stands), closed,
-- insufficient (r_balance and r_held as decided on), foreign (the request id is another account's).
create function billing.hold(
    p_request_ids text[], p_account_ids text[], p_key_ids text[], p_amounts bigint[], p_prompt_tokens bigint[],
    p_output_tokens bigint[], p_price_books bigint[], p_candidates jsonb[], p_markup_basis_points int, p_grant bigint,
    p_now timestamptz, p_expires_at timestamptz)
returns table (
    r_item int, r_outcome text, r_amount bigint, r_output_tokens bigint, r_expires_at timestamptz,
    r_balance bigint, r_held bigint)
language plpgsql as $$
declare
    v_account record;
    v_wanted record;
    v_hold billing.holds;
    v_held bigint;
begin
    -- A hold that a crash of the database loses frees money and spends none. A settlement's commit is durable, and
    -- makes every commit before it durable too.
    perform set_config('synchronous_commit', 'off', true);
    perform billing.open_accounts(p_account_ids, p_grant, p_now);

    for v_account in
        select a.id, a.balance, a.held from billing.accounts a where a.id = any (p_account_ids) order by a.id for update
    loop
        v_held := v_account.held;
        for v_wanted in
            select w.*
            from unnest(
                p_request_ids, p_account_ids, p_key_ids, p_amounts, p_prompt_tokens, p_output_tokens, p_price_books,
                p_candidates)
                with ordinality w (
                    request_id, account_id, key_id, amount, prompt_tokens, output_tokens, price_book, candidates, item)
            where w.account_id = v_account.id order by w.item
        loop
            r_item := v_wanted.item;
            select h.* into v_hold from billing.holds h where h.request_id = v_wanted.request_id;
            if not found and v_account.balance - v_held >= v_wanted.amount then
                -- The account's lock keeps its own repetitions out, not another account with the same request id.
                insert into billing.holds (
                    request_id, account_id, key_id, amount, prompt_tokens, output_tokens, price_book, candidates,
                    markup_basis_points, state, created_at, expires_at)
                values (
                    v_wanted.request_id, v_wanted.account_id, v_wanted.key_id, v_wanted.amount, v_wanted.prompt_tokens,
                    v_wanted.output_tokens, v_wanted.price_book, v_wanted.candidates, p_markup_basis_points, 'open', p_now,
                    p_expires_at)
                on conflict (request_id) do nothing
                returning * into v_hold;
                v_held := v_held + coalesce(v_hold.amount, 0);
                r_outcome := case when found then 'held' else 'foreign' end;
            elsif not found then
                r_outcome := 'insufficient';
            elsif v_hold.account_id <> v_wanted.account_id then
                r_outcome := 'foreign';
            else
                r_outcome := case v_hold.state when 'open' then 'held' else 'closed' end;
            end if;
            r_amount := v_hold.amount;
            r_output_tokens := v_hold.output_tokens;
            r_expires_at := v_hold.expires_at;
            r_balance := v_account.balance;
            r_held := v_held;
            return next;
        end loop;
        update billing.accounts a set held = v_held where a.id = v_account.id and a.held <> v_held;
    end loop;
end
$$;
