-- Grows holds, each whole or not at all. Outcomes: held (the hold as it stands: one that covers the bound already is left
-- as it is, so a repetition changes nothing), closed, insufficient (r_balance and r_held as decided on, r_amount what is
-- held for this call). No row for a request id without a hold.
create function billing.extend(p_request_ids text[], p_amounts bigint[], p_output_tokens bigint[])
returns table (
    r_item int, r_outcome text, r_amount bigint, r_output_tokens bigint, r_expires_at timestamptz,
    r_balance bigint, r_held bigint)
language plpgsql as $$
declare
    v_account_ids text[];
    v_account record;
    v_wanted record;
    v_hold billing.holds;
    v_held bigint;
    v_more bigint;
begin
    -- As with a hold: what a crash of the database loses of it frees money and spends none.
    perform set_config('synchronous_commit', 'off', true);

    -- A hold's account never changes, so it may be read before the lock.
    select array_agg((select h.account_id from billing.holds h where h.request_id = u.request_id) order by u.item)
    into v_account_ids
    from unnest(p_request_ids) with ordinality u (request_id, item);

    for v_account in
        select a.id, a.balance, a.held from billing.accounts a where a.id = any (v_account_ids) order by a.id for update
    loop
        v_held := v_account.held;
        for v_wanted in
            select w.*
            from unnest(p_request_ids, v_account_ids, p_amounts, p_output_tokens)
                with ordinality w (request_id, account_id, amount, output_tokens, item)
            where w.account_id = v_account.id order by w.item
        loop
            r_item := v_wanted.item;
            select h.* into v_hold from billing.holds h where h.request_id = v_wanted.request_id;
            v_more := greatest(v_wanted.amount - v_hold.amount, 0);
            if v_hold.state <> 'open' then
                r_outcome := 'closed';
            elsif v_hold.output_tokens >= v_wanted.output_tokens then
                r_outcome := 'held';
            elsif v_account.balance - v_held >= v_more then
                update billing.holds h set amount = h.amount + v_more, output_tokens = v_wanted.output_tokens
                where h.request_id = v_wanted.request_id
                returning * into v_hold;
                v_held := v_held + v_more;
                r_outcome := 'held';
            else
                r_outcome := 'insufficient';
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
