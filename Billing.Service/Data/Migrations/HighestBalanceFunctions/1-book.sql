-- Posts what an administrator wants, once by its idempotency key: a top-up or an adjustment of p_account_id, or a refund of the call
-- p_request_id, whose p_amount is null for all that is left. Outcomes: booked, repeated (what was booked then), reused (the key is another
-- booking's), unknown (no such call), unsettled (r_state), nothing and exceeded (r_paid and r_refunded), insufficient (r_balance, r_held
-- and r_overdraft), too_large (the balance would be more than p_highest). With every outcome but booked nothing was written, except that
-- an account not seen before was opened. The bounds are compared as numeric, which no amount overruns.
create or replace function billing.book(
    p_kind text, p_account_id text, p_request_id text, p_amount bigint, p_key text, p_note text, p_actor jsonb, p_highest bigint,
    p_grant bigint, p_now timestamptz,
    out r_outcome text, out r_posting_id bigint, out r_account_id text, out r_amount bigint, out r_balance_after bigint, out r_actor jsonb,
    out r_created_at timestamptz, out r_balance bigint, out r_held bigint, out r_overdraft bigint,
    out r_paid bigint, out r_refunded bigint, out r_state text)
language plpgsql as $$
declare
    v_first record;
    v_charge billing.charges;
    v_last billing.reratings;
    v_book text := case p_kind when 'refund' then 'revenue' else 'platform' end;
begin
    -- A database whose default is less gets what was promised here.
    if current_setting('synchronous_commit') = 'off' then
        perform set_config('synchronous_commit', 'on', true);
    end if;

    if p_kind = 'refund' then
        -- A hold's account never changes, so it may be read before the lock.
        select h.account_id into r_account_id from billing.holds h where h.request_id = p_request_id;
        if not found then
            r_outcome := 'unknown';
            return;
        end if;
    else
        r_account_id := p_account_id;
        perform billing.open_accounts(array[p_account_id], p_grant, p_now);
    end if;

    select a.balance, a.held, a.overdraft into r_balance, r_held, r_overdraft
    from billing.accounts a where a.id = r_account_id for update;

    if p_key is not null then
        select p.kind, p.account_id, p.balance_after, p.created_at, b.* into v_first
        from billing.bookings b join billing.postings p on p.id = b.posting_id where b.idempotency_key = p_key;
        if found then
            r_outcome := case
                when (v_first.kind, v_first.account_id, v_first.request_id, v_first.wanted, v_first.note)
                    is not distinct from (p_kind, r_account_id, p_request_id, p_amount, p_note) then 'repeated'
                else 'reused' end;
            r_posting_id := v_first.posting_id;
            r_amount := v_first.amount;
            r_balance_after := v_first.balance_after;
            r_actor := v_first.actor;
            r_created_at := v_first.created_at;
            return;
        end if;
    end if;

    r_amount := p_amount;
    if p_kind = 'refund' then
        select c.* into v_charge from billing.charges c where c.request_id = p_request_id;
        if not found then
            select h.state into r_state from billing.holds h where h.request_id = p_request_id;
            r_outcome := 'unsettled';
            return;
        end if;
        select r.* into v_last from billing.reratings r where r.request_id = p_request_id order by r.id desc limit 1;
        select coalesce(sum(b.amount), 0) into r_refunded from billing.bookings b where b.request_id = p_request_id;
        r_paid := coalesce(v_last.cost, v_charge.cost) - coalesce(v_last.written_off, v_charge.written_off);
        r_amount := coalesce(p_amount, r_paid - r_refunded);
        if r_paid <= r_refunded then
            r_outcome := 'nothing';
            return;
        elsif r_amount > r_paid - r_refunded then
            r_outcome := 'exceeded';
            return;
        end if;
    end if;

    if r_amount < 0 and -r_amount::numeric > r_balance::numeric - r_held + r_overdraft then
        r_outcome := 'insufficient';
        return;
    elsif r_amount > 0 and r_balance::numeric + r_amount > p_highest then
        r_outcome := 'too_large';
        return;
    end if;

    r_posting_id := nextval('billing.postings_id_seq');
    insert into billing.bookings (posting_id, request_id, wanted, amount, idempotency_key, note, actor)
    values (r_posting_id, p_request_id, p_amount, r_amount, p_key, p_note, p_actor)
    on conflict (idempotency_key) where idempotency_key is not null do nothing;
    if not found then
        -- The account's lock keeps its own repetitions out, so this was another account's booking with the same key.
        r_outcome := 'reused';
        return;
    end if;

    r_outcome := 'booked';
    r_balance_after := r_balance + r_amount;
    r_actor := p_actor;
    r_created_at := p_now;
    insert into billing.postings (id, kind, account_id, request_id, model, price_version, balance_after, created_at)
    overriding system value
    values (r_posting_id, p_kind, r_account_id, p_request_id, v_charge.requested_model, coalesce(v_last.price_version, v_charge.price_version),
        r_balance_after, p_now);
    insert into billing.entries (posting_id, book, account_id, amount)
    values (r_posting_id, v_book, r_account_id, -r_amount), (r_posting_id, 'customer', r_account_id, r_amount);
    update billing.accounts a set balance = r_balance_after where a.id = r_account_id;
    if p_kind = 'refund' then
        perform billing.recount(array[p_request_id], array[-r_amount], array[0]::bigint[], array[0]::bigint[]);
    end if;
end
$$;
