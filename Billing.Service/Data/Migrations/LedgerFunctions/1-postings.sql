-- Every function here is one round trip and one commit, takes arrays so that many calls can share both, and follows
-- one rule: the accounts' rows are locked first, in the order of their ids, before anything of theirs is read or
-- written. Each statement of a volatile plpgsql function sees what was committed before that statement began, so what is
-- read after the lock is what the lock's previous owner left. No foreign keys: these functions are the only writers,
-- a check per row would cost more than the row, and the ledger's own check is the sum of its entries.

-- The only writer of postings and entries: what one book loses the other gains, so a posting sums to zero by
-- construction. An amount of zero leaves a posting without entries: a call that was free still happened.
create function billing.post(
    p_kind text, p_account_id text, p_request_id text, p_model text, p_price_version bigint,
    p_from text, p_to text, p_amount bigint, p_balance_after bigint, p_now timestamptz)
returns void language sql as $$
    with posting as (
        insert into billing.postings (kind, account_id, request_id, model, price_version, balance_after, created_at)
        values (p_kind, p_account_id, p_request_id, p_model, p_price_version, p_balance_after, p_now)
        returning id)
    insert into billing.entries (posting_id, book, account_id, amount)
    select posting.id, side.book, p_account_id, side.amount
    from posting cross join (values (p_from, -p_amount), (p_to, p_amount)) side (book, amount)
    where p_amount <> 0
$$;

-- Opens the accounts that do not exist, each with the grant. Of two transactions that open the same one, the second
-- waits for the first at the primary key and then does nothing. Inserted in the order of their ids, before any lock on
-- an existing row, so that no two transactions wait for each other.
create function billing.open_accounts(p_account_ids text[], p_grant bigint, p_now timestamptz)
returns void language plpgsql as $$
declare
    v_opened record;
begin
    for v_opened in
        insert into billing.accounts (id, balance, held, opened_at)
        select wanted.id, p_grant, 0, p_now
        from (select distinct unnest(p_account_ids)) wanted (id)
        where not exists (select from billing.accounts a where a.id = wanted.id)
        order by wanted.id
        on conflict (id) do nothing
        returning id
    loop
        perform billing.post('grant', v_opened.id, null, null, null, 'platform', 'customer', p_grant, p_grant, p_now);
    end loop;
end
$$;

create function billing.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'billing.% is append-only: a correction is a new row', tg_table_name;
end
$$;

create trigger append_only before update or delete or truncate on billing.postings
    for each statement execute function billing.refuse_change();
create trigger append_only before update or delete or truncate on billing.entries
    for each statement execute function billing.refuse_change();
create trigger append_only before update or delete or truncate on billing.charges
    for each statement execute function billing.refuse_change();
create trigger append_only before update or delete or truncate on billing.price_versions
    for each statement execute function billing.refuse_change();
